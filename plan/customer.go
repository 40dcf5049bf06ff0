package plan

import "provision/stack"

// customer declares the service principal of an application that is registered in another tenant.
// The application's consent and assignments are declared as for every application.
func (d *declaration) customer(s *stack.Stack, a *stack.Application, k Key) {
	properties := object(a.ServicePrincipal)
	delete(properties, "create")
	tags := []any{}
	for _, mark := range s.CustomerMarks(a.Name) {
		tags = append(tags, mark)
	}
	properties["tags"] = tags
	d.values(s, a, properties)
	d.add(&Declared{Object: Object{Key: Key{ServicePrincipal, k.Name}, Stack: s.Name, Properties: properties}, pos: a.Pos})
}

// elsewhere reports whether a live object represents an application of a stack that is registered in
// another tenant. This tenant has only its service principal, or nothing.
func (o *Live) elsewhere() bool { return o.Kind == Application && o.ID == "" && o.Stack != "" }

// manages reports whether the stacks declare an application: its registration or, in the
// tenant of a customer, its service principal.
func (d *differ) manages(application Key) bool {
	sp := Key{ServicePrincipal, application.Name}
	return d.declared[application] != nil || d.declared[sp] != nil && d.inCustomer(sp)
}

// inCustomer reports whether a service principal belongs to an application that is registered in
// another tenant.
func (d *differ) inCustomer(servicePrincipal Key) bool {
	application := d.actual.Objects[Key{Application, servicePrincipal.Name}]
	return servicePrincipal.Kind == ServicePrincipal && application != nil && application.elsewhere()
}
